namespace ExpEther.Bridge.Io.Ownership;

/// <summary>
/// A private namespace is being made: kept before the device is told, so that one that a crash leaves behind without an owner is known for what it
/// is. At most one for each device.
/// </summary>
/// <param name="Device">The device's name.</param>
/// <param name="Owner">For whom.</param>
/// <param name="Unowned">UUIDs of private namespaces that nobody owned before: these are not it.</param>
public sealed record NamespaceIntent(string Device, HostIdentity Owner, IReadOnlyList<Guid> Unowned);
