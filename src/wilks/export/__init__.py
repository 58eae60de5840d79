"""What wilks finds, in the files that other people expect: HEPData submissions, simplified likelihoods.

Importing this package imports nothing heavy.
"""
