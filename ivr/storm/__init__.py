"""A storm: many callers and agents on real SIP, random hang-ups and declines, and processes killed in between.

people.py      customers who want a human, and colleagues who answer, decline, or don't
killing.py     `kill -9` of workers and of the console
invariants.py  what must hold at every moment, and what must be so when it is over
storm.py       all of it at once, and the report
"""
