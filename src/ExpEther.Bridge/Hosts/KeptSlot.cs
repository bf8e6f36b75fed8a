using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Hosts;

/// <summary>Which function a slot belongs to, whether it is there or not.</summary>
/// <param name="Slot">Physical slot number, from 1.</param>
/// <param name="Box">The I/O box that has the function: its MAC is its identity.</param>
/// <param name="Function">The box's name for it.</param>
/// <param name="IsExpected">The function is still this host's, as far as known: it is there, or comes back. False: its box said that it is not; the slot is
/// its again if it comes, and anybody's else.</param>
public sealed record KeptSlot(int Slot, MacAddress Box, string Function, bool IsExpected);
