"""From a built scene to arrays: passes, devices, and the exact pass where a picture's own ids are not exact."""
