namespace ExpEther.Cli.Lab;

/// <summary>What a process of a laboratory is.</summary>
internal enum LabRole
{
    /// <summary>Holds a node's network namespace, with its end of the cable.</summary>
    Cable,
    Switch,
    Io,

    /// <summary>A guest's host bridge.</summary>
    Host,

    /// <summary>A guest's QEMU.</summary>
    Guest,
}
