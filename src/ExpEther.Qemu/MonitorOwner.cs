namespace ExpEther.Qemu;

/// <summary>Whose monitor there is when a client takes a function.</summary>
internal enum MonitorOwner
{
    /// <summary>No monitor is configured, or no process listens on its socket.</summary>
    None,

    /// <summary>The client's, as far as the kernel tells.</summary>
    Client,

    /// <summary>Another process's: the client is not the QEMU that the monitor belongs to.</summary>
    Another,
}
