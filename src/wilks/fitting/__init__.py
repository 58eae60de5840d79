"""Fits of a model to data. (The verb is `wilks.fit`; the package has another name so that both can exist.)"""
