"""The benchmark: envspec against uv, pip and nab on a recorded index."""
