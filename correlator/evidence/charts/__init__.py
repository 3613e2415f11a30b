"""The definitions of the pictures: pure functions from plain rows to a Vega-Lite specification.

Pages and bundles use the same definitions; `correlator.evidence.render` turns one into SVG and PNG.
"""
