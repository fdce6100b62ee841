"""The mirror: the Go runtime's scheduler, function by function, in Go's names and Go's order of steps.

Read a module beside the Go file that its functions name.  What Go takes from ``getg()`` or from package variables
comes as leading arguments: ``rt`` (the Runtime, which owns sched, allp, allm, the clock) and ``mp`` (the M that
runs the code).  Where Go blocks, the mirror parks the M and returns; where Go never returns, the mirror returns
after it has arranged what comes next.
"""
