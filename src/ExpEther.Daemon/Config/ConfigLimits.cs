namespace ExpEther.Daemon.Config;

/// <summary>What a configuration file may ask for.</summary>
public static class ConfigLimits
{
    public const int FileBytesMax = 1 << 20;

    /// <summary>Mistakes that one run reports.</summary>
    public const int ErrorsMax = 100;

    public const int NameCharsMax = 32;
    public const int HostsMax = 64;
    public const int DevicesMax = 64;
    public const int NamespacesMax = 16;
    public const int VfsMax = 64;
    public const int QueuesPerVfMax = 16;
    public const int QueuesPerVfDefault = 4;
    public const int PeersMax = 64;
    public const int SlotsMax = 30;
    public const int PortIdCharsMax = 64;

    /// <summary>QEMU gives up an access after 5 s, and a reply that comes later ends its connection.</summary>
    public const int GuestCompletionMillisecondsMax = 4000;

    /// <summary>
    /// By default. Drivers give a controller up for a register that reads as all ones, so a guest waits for a box that restarts, as far as QEMU allows.
    /// </summary>
    public const int GuestCompletionMilliseconds = 3000;

    public const int MtuBytesMin = 1280;
    public const int MtuBytesMax = 65_535;
    public const int SerialCharsMax = 20;
    public const int ModelCharsMax = 40;
    public const int MemoryMebibytesMax = 1024;
    public const int RamMebibytesMax = 16_384;
    public const int KeyBytes = 32;

    /// <summary>What a file with a key may hold at most: the key, and white space round it.</summary>
    public const int KeyFileCharsMax = 1024;
}
