namespace ExpEther.Daemon.Control;

/// <summary>A call that failed, on the client's side.</summary>
public sealed class ControlException(ControlError error) : Exception(error.Message)
{
    public ControlException(string code, string message, string remedy)
        : this(new ControlError(code, message, remedy))
    {
    }

    public ControlError Error { get; } = error;
}
