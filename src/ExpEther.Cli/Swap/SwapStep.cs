namespace ExpEther.Cli.Swap;

/// <summary>One TLP on both sides of the swap.</summary>
/// <param name="Row">Of the table in ARCHITECTURE.md, "The life of a TLP".</param>
/// <param name="Title">What it does.</param>
/// <param name="HostSide">As on the link.</param>
/// <param name="DeviceSide">As on the device bus.</param>
internal sealed record SwapStep(int Row, string Title, CapturedTlp HostSide, CapturedTlp DeviceSide);
