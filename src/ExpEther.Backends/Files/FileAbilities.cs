namespace ExpEther.Backends.Files;

/// <summary>What can be done with a file, found out when it was opened.</summary>
/// <param name="IsReadOnly">Nothing is changed.</param>
/// <param name="ZeroesRanges">Ranges are zeroed without writing them.</param>
/// <param name="PunchesHoles">Ranges are given back, and then read as zeroes.</param>
internal sealed record FileAbilities(bool IsReadOnly, bool ZeroesRanges, bool PunchesHoles);
