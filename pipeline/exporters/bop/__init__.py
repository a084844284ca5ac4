"""The BOP challenge: poses, masks and depth of rigid objects, scene by scene."""
