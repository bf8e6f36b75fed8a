namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[device.namespace]]</c>: an NVMe namespace of a whole file, block device or piece of memory.</summary>
/// <param name="File">As <see cref="BackingConfig.File"/>.</param>
/// <param name="RamBytes">As <see cref="BackingConfig.RamBytes"/>.</param>
/// <param name="BlockBytes">As <see cref="BackingConfig.BlockBytes"/>.</param>
/// <param name="IsReadOnly">Writes are refused.</param>
public sealed record NamespaceConfig(string File, long RamBytes, int BlockBytes, bool IsReadOnly) : BackingConfig(File, RamBytes, BlockBytes)
{
    /// <param name="section">The table.</param>
    /// <param name="isDeviceReadOnly">What the device says of all of its namespaces.</param>
    /// <param name="isShared">The device has virtual functions: every host sees this namespace, and writes only where that is said in words.</param>
    internal static NamespaceConfig Read(ConfigSection section, bool isDeviceReadOnly, bool isShared)
    {
        var backing = BackingConfig.Read(section);
        var isReadOnly = section.Flag("readOnly", isDeviceReadOnly);
        var isWritable = section.Flag("writable", false);
        if (isShared && section.Has("readOnly"))
        {
            section.Wrong(
                "readOnly", "is not for a device with virtual functions: its namespaces are shared, and read-only as they are",
                "remove it; writable = true lets all hosts write");
        }
        else if (!isShared && section.Has("writable"))
        {
            section.Wrong("writable", "is only for a device with virtual functions (vfs)", "remove it: without readOnly = true the host may write");
        }

        return new NamespaceConfig(backing.File, backing.RamBytes, backing.BlockBytes, isShared ? !isWritable : isReadOnly);
    }
}
