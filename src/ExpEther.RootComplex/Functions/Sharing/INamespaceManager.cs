namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>
/// The namespaces of a storage device, as its physical function manages them: made, resized, deleted, and shown to this VF or that. Who may see
/// which is the caller's to decide. Called one at a time, on the owner's scheduler.
/// </summary>
public interface INamespaceManager
{
    /// <summary>All namespaces, attached or not, and what is free.</summary>
    Task<NamespaceInventory> ListAsync();

    /// <summary>Makes a namespace that no VF sees yet.</summary>
    /// <param name="bytes">At least this much; the device may round up.</param>
    Task<NamespaceResult> CreateAsync(ulong bytes);

    /// <summary>Grows or shrinks a namespace; VFs that see it are told by the device. What is beyond a new end is lost.</summary>
    Task<NamespaceResult> ResizeAsync(uint id, ulong bytes);

    /// <summary>Deletes a namespace with all that is in it; VFs that see it are told by the device.</summary>
    Task<NamespaceResult> DeleteAsync(uint id);

    /// <summary>Lets a VF see a namespace, or see it no more. What is so already succeeds.</summary>
    Task<NamespaceResult> ShowAsync(uint id, int virtualFunction, bool visible);
}
