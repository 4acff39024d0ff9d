"""Installers: toolkits, drivers, runtimes and other programs that a host gets besides its wheels."""
