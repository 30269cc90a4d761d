"""Did the logged run learn what it should: when loss and accuracy settled, and what else the log shows?"""
