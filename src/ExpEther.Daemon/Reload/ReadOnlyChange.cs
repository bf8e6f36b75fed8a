namespace ExpEther.Daemon.Reload;

/// <summary>A namespace becomes write protected, or is so no more.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Namespace">Its NSID, from 1.</param>
/// <param name="IsReadOnly">From now on.</param>
public sealed record ReadOnlyChange(string Device, int Namespace, bool IsReadOnly)
{
    public string Key => KeyOf(Device, Namespace);

    public static string KeyOf(string device, int id) => $"device.{device}.namespace.{id}.readOnly";
}
