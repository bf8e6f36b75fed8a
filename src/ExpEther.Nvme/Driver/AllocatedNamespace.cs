namespace ExpEther.Nvme.Driver;

/// <summary>A namespace of the NVM subsystem as Identify describes it to whoever administers it.</summary>
/// <param name="Id">NSID.</param>
/// <param name="Uuid">UUID, else NGUID, else EUI64; zero when it has none.</param>
/// <param name="Blocks">NSZE.</param>
/// <param name="BlockBytes">Size of a logical block.</param>
/// <param name="IsShared">NMIC bit 0.</param>
/// <param name="IsReadOnly">Write protected.</param>
internal sealed record AllocatedNamespace(uint Id, Guid Uuid, ulong Blocks, int BlockBytes, bool IsShared, bool IsReadOnly);
