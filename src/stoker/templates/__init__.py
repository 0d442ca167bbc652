"""Small template languages: text and data go in, a rendering or a Report comes out. `gotext` is Go's text/template."""
