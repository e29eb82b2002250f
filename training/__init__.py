"""The recipe that makes the bundled speech models: text, voices, features, network, graph, measurements."""
