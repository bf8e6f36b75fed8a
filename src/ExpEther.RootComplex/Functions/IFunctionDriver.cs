namespace ExpEther.RootComplex.Functions;

/// <summary>A driver of the embedded host. Its methods run on the owner's scheduler.</summary>
public interface IFunctionDriver
{
    bool Matches(PciFunction function);

    /// <summary>Takes the function into use. It must end by itself, also when the function vanishes meanwhile.</summary>
    /// <returns>False: it did not start; the reason was reported.</returns>
    Task<bool> StartAsync(PciFunction function);

    /// <summary>Lets the function go.</summary>
    /// <param name="function">A function that was started.</param>
    /// <param name="surprise">True: it is gone already, nothing reaches it any more.</param>
    Task StopAsync(PciFunction function, bool surprise);
}
