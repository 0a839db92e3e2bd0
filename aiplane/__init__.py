"""What every process of the plane shares. It imports neither the tasks nor the bridge."""
