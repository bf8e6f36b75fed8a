namespace ExpEther.Nvme.Backends;

/// <summary>The end of one <see cref="BlockRequest"/>.</summary>
/// <param name="Cookie">The request's.</param>
/// <param name="Error">0, or the operating system's errno.</param>
public readonly record struct BlockCompletion(uint Cookie, int Error);
