namespace ExpEther.Bridge.Io.Status;

/// <summary>What an I/O bridge counts that belongs to no function.</summary>
/// <param name="FramesNotOurs">For another station, or from nobody that is configured.</param>
/// <param name="TlpsMalformed">From hosts, not to be read as a TLP.</param>
/// <param name="TlpsToUnknownFunctions">From hosts, for a function number that nobody has.</param>
/// <param name="DeviceTlpsMalformed">From devices.</param>
/// <param name="DeviceTlpsFromUnknownRequesters">From devices, with a requester ID that no function of theirs has.</param>
/// <param name="ConfigTimeouts">Configuration requests of the bridge itself that a device did not answer in time.</param>
/// <param name="StaleAnswers">Control messages of a generation that is over, or that cannot be read.</param>
/// <param name="RepliesDropped">Completions and control messages that found no room: their host had more requests outstanding than it may,
/// or takes nothing.</param>
public sealed record IoBridgeCounters(
    long FramesNotOurs, long TlpsMalformed, long TlpsToUnknownFunctions, long DeviceTlpsMalformed, long DeviceTlpsFromUnknownRequesters,
    long ConfigTimeouts, long StaleAnswers, long RepliesDropped);
