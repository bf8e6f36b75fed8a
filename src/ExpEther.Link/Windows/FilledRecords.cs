namespace ExpEther.Link.Windows;

/// <summary>What <see cref="SendWindow.Fill"/> put into a frame.</summary>
/// <param name="First">Sequence of the first record.</param>
/// <param name="Count">Records, consecutive.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Again">At least one had been sent before.</param>
internal readonly record struct FilledRecords(ulong First, int Count, int Bytes, bool Again);
