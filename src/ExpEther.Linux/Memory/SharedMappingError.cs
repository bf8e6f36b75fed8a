namespace ExpEther.Linux.Memory;

/// <summary>Why somebody else's descriptor was not mapped.</summary>
public enum SharedMappingError
{
    None,

    /// <summary>It is no file that can be sealed: an ordinary file, a device, a pipe.</summary>
    NotSealable,

    /// <summary>It lacks F_SEAL_SHRINK: its maker could cut it under us, and the next access would be a SIGBUS.</summary>
    CanShrink,

    /// <summary>It has huge pages: a page taken out of it cannot be put back when their pool is empty, which is a SIGBUS as well.</summary>
    HugePages,

    /// <summary>The descriptor does not allow it, or there is no room for it.</summary>
    Refused,
}
