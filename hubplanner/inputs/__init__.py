"""Files to frames to arrays: the only home of geopandas and shapely."""

from hubplanner.inputs.inputs import Inputs, build_problem
from hubplanner.inputs.read import read_inputs

__all__ = ["Inputs", "build_problem", "read_inputs"]
