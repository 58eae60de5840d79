"""Work that is done by other processes, on this machine or on others: what is sent, who does it, what gets lost."""
