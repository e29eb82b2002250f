"""`ivr demo`: the real hotline, called by synthetic callers over real SIP, shown live and checked."""
