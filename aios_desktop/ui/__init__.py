"""The window: the only package that knows widgets, painting and charts."""
