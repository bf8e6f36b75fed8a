namespace ExpEther.Ethernet.Ports;

/// <summary>A port cannot be opened. The message says what is missing and what to do.</summary>
public sealed class PortException : Exception
{
    public PortException(string message)
        : base(message)
    {
    }

    public PortException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
