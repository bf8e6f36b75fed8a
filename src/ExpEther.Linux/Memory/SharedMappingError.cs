namespace ExpEther.Linux.Memory;

/// <summary>Why another process's descriptor was not mapped, or is mapped and reached by <see cref="GuardedCopy"/> only.</summary>
public enum SharedMappingError
{
    None,

    /// <summary>It is no regular file: a device, a pipe, a socket. Never mapped.</summary>
    NotAFile,

    /// <summary>Its file system may let an access wait without end for another process or machine (FUSE, NFS). Never mapped.</summary>
    SlowFileSystem,

    /// <summary>It is a file that cannot be sealed, so that it could be cut at any time.</summary>
    NotSealable,

    /// <summary>It lacks F_SEAL_SHRINK: its maker could cut it under us, and the next access would be a SIGBUS.</summary>
    CanShrink,

    /// <summary>It has huge pages: a page taken out of it cannot be put back when their pool is empty, which is a SIGBUS as well.</summary>
    HugePages,

    /// <summary>The descriptor does not allow it, or there is no room for it.</summary>
    Refused,
}
