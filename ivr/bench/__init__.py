"""`ivr bench`: the hotline's figures, measured on the wire on this machine."""
