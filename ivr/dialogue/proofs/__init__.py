"""What `ivr check` proves of dialplans: each proof is a function from the loaded whole to findings."""
