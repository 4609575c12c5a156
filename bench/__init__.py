"""Side-by-side measurements. `make bench` runs them; docs/performance.md tells what came out."""
