namespace ExpEther.VfioUser.Protocol;

/// <summary>vfio-user specification, "VFIO_USER_DEVICE_SET_IRQS": one data flag and one action flag.</summary>
[Flags]
internal enum SetInterruptsFlags : uint
{
    None = 0,
    DataNone = 0x01,
    DataBool = 0x02,
    DataEvent = 0x04,
    DataMask = 0x07,
    ActionMask = 0x08,
    ActionUnmask = 0x10,
    ActionTrigger = 0x20,
    ActionsMask = 0x38,
}
