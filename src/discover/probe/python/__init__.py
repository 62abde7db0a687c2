"""Finds, by running it, what a model type needs: a tiny configuration, inputs, and what comes out of every class.

`search.run(job)` is the entry. It needs torch, transformers and the support package's descriptions of inputs
(`hfgen_runtime.inputs`); it writes nothing and asks no network.
"""
