namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>
/// A physical function in use by its driver. VFs are numbered from 1, as PCIe 5.0 §9.2 counts them. Failures are values: a text for people,
/// empty on success. Methods run on the owner's scheduler and are called one at a time.
/// </summary>
public interface IPhysicalFunction
{
    /// <summary>Runs when the device's state changed by itself: it was reset and came back, or what it offers is different now.</summary>
    event Action? Changed;

    /// <summary>Null: the device has no namespaces that could be managed.</summary>
    INamespaceManager? Namespaces { get; }

    /// <summary>
    /// Gives VFs 1 to <paramref name="count"/> each its share of the device's resources and brings them online. Called after VF Enable was set, and
    /// again whenever it was set anew. What a VF's configuration space says of its interrupts is true only afterwards.
    /// </summary>
    /// <returns>Empty; else why not all of them can be used.</returns>
    Task<string> EnableAsync(int count);

    /// <summary>Before a VF is given to an owner: makes sure that it can be used.</summary>
    /// <returns>Empty; else why it cannot.</returns>
    Task<string> PrepareAsync(int virtualFunction);

    /// <summary>Lets the physical function go.</summary>
    /// <param name="surprise">True: it is gone already.</param>
    Task StopAsync(bool surprise);
}
