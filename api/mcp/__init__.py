"""The documents as tools of the Model Context Protocol, at `/mcp` and by `verse mcp`."""
