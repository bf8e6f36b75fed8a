namespace ExpEther.Linux.Files;

/// <summary>What stands at a path, symbolic links followed.</summary>
public enum FileKind
{
    /// <summary>Nothing, or nothing that can be looked at.</summary>
    None,
    File,
    BlockDevice,
    Directory,

    /// <summary>A pipe, a socket, a character device.</summary>
    Other,
}
