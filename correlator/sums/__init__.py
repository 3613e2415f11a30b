"""What every job of every tenant did, month by month: counted again only where something was written since.

The sums of a month depend on nothing but the stored runs that began in it or within a week of it, and on what was last
said about the job while the month's days were in the window of a look. So they are the same in whatever order, in
whatever parts and how often the runs came in.
"""

from correlator.sums.summing import Summed, sum_up

__all__ = ["Summed", "sum_up"]
