namespace ExpEther.Linux.Memory;

/// <summary>Which file a descriptor means, whatever the descriptor: the same while anybody has the file open or mapped (stat(2)).</summary>
public readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode);
