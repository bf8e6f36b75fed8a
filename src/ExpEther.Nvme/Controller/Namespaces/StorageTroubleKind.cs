namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>What kind of thing is wrong behind a namespace.</summary>
internal enum StorageTroubleKind : byte
{
    /// <summary>Nothing is: a request came too late for a namespace that had become shorter.</summary>
    None,

    /// <summary>There is no room for what hosts write: a full file system, a quota.</summary>
    Full,

    /// <summary>It can be written no more, although it is served writable.</summary>
    ReadOnly,

    /// <summary>Blocks cannot be read or written.</summary>
    Media,

    /// <summary>The box is short of memory.</summary>
    NoMemory,

    /// <summary>The backend was asked what it cannot do: a bug of ours.</summary>
    Defect,
}
