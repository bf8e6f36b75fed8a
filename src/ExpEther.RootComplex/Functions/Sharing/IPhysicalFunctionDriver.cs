namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>
/// The driver of a kind of device whose virtual functions are shared among hosts: it does at the physical function what no host may do. Whoever owns
/// the device bus has one for each kind and knows nothing of the kinds. Its methods run on the owner's scheduler.
/// </summary>
public interface IPhysicalFunctionDriver
{
    bool Matches(PciFunction function);

    /// <summary>
    /// Takes a physical function into use. Its VFs may be enabled already, and nobody uses them. It must end by itself, also when the function
    /// vanishes meanwhile.
    /// </summary>
    /// <param name="function">Enumerated; memory decoding and bus mastering are the driver's to set.</param>
    /// <param name="name">The device's name: the source of reports.</param>
    Task<PhysicalFunctionStart> StartAsync(PciFunction function, string name);
}
