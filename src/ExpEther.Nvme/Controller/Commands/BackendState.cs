namespace ExpEther.Nvme.Controller.Commands;

internal enum BackendState : byte
{
    None,

    /// <summary>The backend's queue was full; it is offered again.</summary>
    Waiting,
    Submitted,
}
