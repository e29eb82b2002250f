"""YAML read strictly, for hotline and order desk alike; imports from neither."""

from strict_yaml.document import Document
from strict_yaml.parts import Listed, OneOrMore, Strict
from strict_yaml.places import Place, told
from strict_yaml.spelling import nearest

__all__ = ["Document", "Listed", "OneOrMore", "Place", "Strict", "nearest", "told"]
