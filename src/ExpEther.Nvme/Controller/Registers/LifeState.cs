namespace ExpEther.Nvme.Controller.Registers;

internal enum LifeState : byte
{
    Disabled,
    Enabling,
    Ready,
    Disabling,
}
