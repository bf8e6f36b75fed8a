using ExpEther.Linux;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>Carries requests out, several at once and in any order. Used by the owner's thread, and never blocks it.</summary>
internal interface IFileEngine : IDisposable
{
    /// <summary>How many at once; a request's slot is below this.</summary>
    int Depth { get; }

    /// <summary>Readable when completions came after <see cref="TryTake"/> had found none.</summary>
    int PollFileDescriptor { get; }

    /// <summary>False: the request needs memory that others are using now; their completions free it.</summary>
    bool CanStart(in BlockRequest request);

    /// <summary>Starts a request in a slot that has none; at the latest the next <see cref="TryTake"/> sets it off.</summary>
    void Start(int slot, in BlockRequest request);

    /// <summary>Takes what has ended.</summary>
    bool TryTake(out int slot, out Errno error);
}
