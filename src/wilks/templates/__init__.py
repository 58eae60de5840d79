"""Histograms of every sample, region and variation: read, processed, stored."""
