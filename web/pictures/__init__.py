"""Pictures on pages: drawn at once as SVG, made interactive by a script."""
