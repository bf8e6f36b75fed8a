using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// One function, PF or VF, of an <see cref="SrIovDevice"/>: it gets whole TLPs and answers them as if it were a device alone, with its
/// own <see cref="EndpointConfig"/>. <see cref="IPcieDevice.Reset"/> of a VF puts it into the state it has after VF Enable was set.
/// </summary>
public interface ISrIovFunction : IPcieDevice
{
    /// <summary>A PF's has an SR-IOV capability; a VF's was made with its PF's.</summary>
    EndpointConfig Config { get; }
}
